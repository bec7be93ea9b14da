"""From a run's History to Plotly figures, tables and words; one chart per file.

A figure is a plain dict in Plotly's form. Its colours are names such as ``@blue``, which
``theme.themed`` (in Python) or the live chart (in the browser) turns into the colours of the light
or the dark theme, so one figure serves both. ``figure["layout"]["meta"]["alt"]`` says in words
what the chart shows, for those who do not see it.
"""
