"""Runs side by side: groups of seeds, scores, differing settings, fairness, the shared view.

Nothing here knows of Streamlit or TensorFlow; ``charts.compare`` draws what is calculated here.
"""
