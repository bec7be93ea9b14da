"""The page of a report. Jinja2 escapes every value; only what is marked ``safe`` is markup."""

TEMPLATE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }}</title>
<style>
:root { {% for name, colour in light.items() %}--{{ name }}: {{ colour }}; {% endfor %}}
@media (prefers-color-scheme: dark) {
  :root { {% for name, colour in dark.items() %}--{{ name }}: {{ colour }}; {% endfor %}}
}
body { margin: 0 auto; padding: 1.5rem; max-width: 60rem; line-height: 1.5;
  font-family: system-ui, sans-serif; color: var(--text); background: var(--background); }
h1, h2, h3 { line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-top: 1px solid var(--grid); padding-top: 1.5rem; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem 0.3rem 0;
  border-bottom: 1px solid var(--grid); }
thead th { color: var(--muted); font-weight: 600; white-space: nowrap; }
tbody th, .settings td { overflow-wrap: anywhere; min-width: 9rem; }
.runs td:nth-of-type(n+2) { white-space: nowrap; }
.wide { overflow-x: auto; }
.notes { white-space: pre-wrap; overflow-wrap: anywhere; }
.muted { color: var(--muted); }
.chart { min-height: 250px; }
summary { cursor: pointer; }
a { color: var(--blue); }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p class="muted">Written by Overfit Lab: can a network memorise one small batch, how fast, and if
not, why not?</p>
{% if runs | length > 1 %}
<div class="wide"><table class="runs">
<thead><tr>{% for name in columns %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for run in runs %}
<tr><th scope="row"><a href="#run-{{ loop.index }}">{{ run.title }}</a></th>
{% for cell in run.row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table></div>
{% for chart in shared %}
<div class="chart" id="{{ chart.id }}" role="img" aria-label="{{ chart.alt }}"></div>
{% endfor %}
{% endif %}
{% for run in runs %}
<section id="run-{{ loop.index }}">
<h2>{% if runs | length > 1 %}{{ run.title }}{% else %}Result{% endif %}</h2>
<p>{{ run.sentence }}</p>
{% if run.figures %}<p class="muted">{{ run.figures }}</p>{% endif %}
{% if run.tags %}<p class="muted">Tags: {{ run.tags }}</p>{% endif %}
{% if run.notes %}<p class="notes">{{ run.notes }}</p>{% endif %}
{% for chart in run.charts %}
<div class="chart" id="{{ chart.id }}" role="img" aria-label="{{ chart.alt }}"></div>
{% endfor %}
{% if run.found %}
{% for cause in run.found.causes %}
<h3>{{ cause.title }}</h3>
<p>{{ cause.why }}</p>
<ul>{% for name, value in cause.evidence %}<li>{{ name }}: {{ value }}</li>{% endfor %}</ul>
<p class="muted">{{ cause.source }}</p>
{% endfor %}
{% if run.found.tried %}
<h3>What was tried</h3>
<ol>{% for fix in run.found.tried %}
<li>{{ fix.text }} <code>{{ fix.code }}</code>: {{ fix.outcome }}.</li>
{% endfor %}</ol>
{% endif %}
{% endif %}
{% if run.samples %}
<details{% if run.samples.rows | length <= 16 %} open{% endif %}>
<summary>Samples: {{ run.samples.shown }}</summary>
<div class="wide"><table>
<thead><tr>{% for name in run.samples.columns %}<th scope="col">{{ name }}</th>{% endfor %}</tr>
</thead>
<tbody>
{% for row in run.samples.rows %}
<tr>{% for cell in row %}<td>
{%- if cell.image %}<img src="{{ cell.image }}" alt="input">{% else %}{{ cell.text }}{% endif -%}
</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table></div>
</details>
{% endif %}
<details>
<summary>Settings</summary>
<table class="settings"><tbody>
{% for name, value in run.settings %}
<tr><th scope="row">{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}
</tbody></table>
</details>
</section>
{% endfor %}
<script>{{ plotly | safe }}</script>
<script type="application/json" id="figures">{{ figures | safe }}</script>
<script>
const figures = JSON.parse(document.getElementById("figures").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const config = { responsive: true, displaylogo: false };
function draw() {
  for (const [id, themes] of Object.entries(figures)) {
    const figure = themes[dark.matches ? "dark" : "light"];
    Plotly.react(id, figure.data, figure.layout, config);
  }
}
dark.addEventListener("change", draw);
draw();
</script>
</body>
</html>
"""
