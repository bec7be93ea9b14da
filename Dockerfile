FROM python:3.12-slim-trixie

# User 1000 is what Hugging Face Spaces runs. It owns the data and nothing else: whoever got hold
# of the server could not change the program.
RUN useradd --create-home --uid 1000 app && install --directory --owner=app --group=app /data
WORKDIR /app

# The list of packages changes less often than the code: in a layer of its own it is installed once.
COPY requirements.txt .
RUN pip install --no-cache-dir --root-user-action=ignore --requirement requirements.txt

COPY . .
# What the first start would write, where nobody can write any more.
RUN python -m compileall -q app.py pages overfit_core && \
    python -c "from pages.parts.live_chart import put_plotly_in_place; put_plotly_in_place()"

# The browser's address is only what is printed; without it Streamlit asks a server on the internet
# for its own. Threads share two heaps, Arrow's tables too: 9 MB less.
ENV PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    ARROW_DEFAULT_MEMORY_POOL=system \
    OVERFIT_DATA_DIR=/data \
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_PORT=8501

# Recorded runs outlive the container.
VOLUME /data
USER 1000
EXPOSE 8501
# Asked directly, also where the environment names a proxy, and below the path that the app is under.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import posixpath, urllib.request as web; from os import environ as env; web.build_opener(web.ProxyHandler({})).open('http://127.0.0.1:' + env['STREAMLIT_SERVER_PORT'] + posixpath.join('/', env.get('STREAMLIT_SERVER_BASE_URL_PATH', ''), '_stcore/health'), timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py"]
