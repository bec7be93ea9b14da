FROM python:3.12-slim

# User 1000 is what Hugging Face Spaces runs, and nothing here needs root.
RUN useradd --create-home --uid 1000 app
USER app
WORKDIR /home/app/overfit-lab
ENV PATH=/home/app/.local/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OVERFIT_DATA_DIR=/home/app/data

# The list of packages changes less often than the code: in a layer of its own it is installed once.
COPY --chown=app requirements.txt .
RUN pip install --no-cache-dir --user --requirement requirements.txt && mkdir /home/app/data
COPY --chown=app . .

# Recorded runs outlive the container.
VOLUME /home/app/data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
