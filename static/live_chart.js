// Draws one Plotly figure and updates it in place: the DOM node, and with it a person's zoom, stays.
// Loaded once by every chart of the page (pages/parts/live_chart.py); plotly.js lies beside it.

const WIDE = 700; // pixels

let plotly;

function loadPlotly(url) {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      plotly = undefined; // the next update tries again
      script.remove();
      reject(new Error("The drawing library plotly.js could not be loaded."));
    };
    document.head.append(script);
  });
  return plotly;
}

function isDark(element) {
  const probe = document.createElement("span");
  probe.style.color = getComputedStyle(element).getPropertyValue("--st-background-color");
  element.append(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

// Colour names such as "@blue" become the colours of the theme. Numbers are left alone.
function themed(node, colours) {
  if (typeof node === "string") return node[0] === "@" ? (colours[node.slice(1)] ?? node) : node;
  if (Array.isArray(node)) return node.map((item) => themed(item, colours));
  if (node === null || typeof node !== "object") return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, themed(value, colours)]));
}

function chartNode(parent, height) {
  let node = parent.querySelector(":scope > .live-chart");
  if (!node) {
    node = document.createElement("div");
    node.className = "live-chart";
    node.setAttribute("role", "figure"); // not "img": the buttons in it can be reached by keyboard
    node.style.width = "100%";
    parent.append(node);
  }
  node.style.height = `${height}px`;
  return node;
}

function followWidth(node) {
  if (node.widthObserver) return;
  let width = node.clientWidth;
  node.widthObserver = new ResizeObserver(() => {
    if (node.clientWidth === width || !node.clientWidth || !node.data) return;
    width = node.clientWidth;
    window.Plotly.relayout(node, { width });
  });
  node.widthObserver.observe(node);
}

// Transparent in the page; a picture of its own needs the page's colour behind it.
function download(node, format) {
  const background = getComputedStyle(node).getPropertyValue("--st-background-color").trim();
  const layout = { ...node.layout, paper_bgcolor: background || "#ffffff" };
  const { width, height } = node.getBoundingClientRect();
  const filename = `overfit-lab-${(layout.title?.text ?? "chart").split(",")[0].toLowerCase().replaceAll(" ", "-")}`;
  window.Plotly.downloadImage({ data: node.data, layout }, { format, width, height, scale: 2, filename });
}

// A finger on a chart means to scroll the page: it has no use for zooming, and nothing to hover with.
const isCoarse = () => matchMedia("(pointer: coarse)").matches;

// Made once: Plotly takes another function for another configuration, and starts a new chart.
let made;
function config() {
  if (made) return made;
  const zooming = ["zoom2d", "pan2d", "resetScale2d"];
  const downloads = [
    { name: "png", title: "Download as PNG", icon: window.Plotly.Icons.camera, click: (node) => download(node, "png") },
    { name: "svg", title: "Download as SVG", icon: window.Plotly.Icons.disk, click: (node) => download(node, "svg") },
  ];
  const coarse = isCoarse();
  made = {
    displaylogo: false,
    doubleClickDelay: 400,
    displayModeBar: coarse ? true : "hover",
    modeBarButtons: coarse ? [downloads] : [zooming, downloads],
  };
  return made;
}

// Charts over the same axis show their values at the same place.
let linking = false;
function linkHover(node) {
  if (node.linked) return;
  node.linked = true;
  const others = () =>
    [...document.querySelectorAll(".live-chart")].filter(
      (other) => other !== node && other.data && other.layout?.meta?.link && other.layout.meta.link === node.layout.meta.link,
    );
  const together = (act) => {
    if (linking) return;
    linking = true;
    for (const other of others()) act(other);
    linking = false;
  };
  node.on("plotly_hover", ({ xvals, points }) => {
    const x = xvals?.[0] ?? points?.[0]?.x;
    if (x !== undefined) together((other) => window.Plotly.Fx.hover(other, { xval: x }));
  });
  node.on("plotly_unhover", () => together((other) => window.Plotly.Fx.unhover(other)));
}

// An entry of the legend that only explains a dash has no curve to hide.
function keepExplanations(node) {
  if (node.keeps) return;
  node.keeps = true;
  const stays = ({ curveNumber, data }) => data[curveNumber].meta !== "explains";
  node.on("plotly_legendclick", stays);
  node.on("plotly_legenddoubleclick", stays);
}

// A click on a point tells the page what the point stands for.
function tellPicks(node, picks, setTriggerValue) {
  node.tell = picks ? setTriggerValue : undefined;
  node.classList.toggle("picks", Boolean(picks));
  if (node.listens) return;
  node.listens = true;
  node.on("plotly_click", ({ points }) => {
    const stands = points.find((point) => point.customdata)?.customdata;
    if (stands) node.tell?.("picked", stands);
  });
}

export async function draw({ data, parentElement, setTriggerValue }, plotlyUrl) {
  const loading = loadPlotly(plotlyUrl);
  if (!data?.figure) return undefined; // nothing to draw yet: only have the library ready
  // A figure has room for the legend of a phone; a wide one needs fewer rows.
  const spare = parentElement.clientWidth >= WIDE ? (data.figure.layout.meta.spare ?? 0) : 0;
  const height = data.figure.layout.height - spare;
  const node = chartNode(parentElement, height);
  const update = (node.latest = {}); // of several updates that wait, only the last one is drawn
  const Plotly = await loading;
  if (node.latest !== update || !node.isConnected) return undefined;

  const figure = themed(data.figure, data.colours[isDark(parentElement) ? "dark" : "light"]);
  figure.layout.width = node.clientWidth || undefined;
  figure.layout.height = height;
  if (spare) figure.layout.margin.b -= spare;
  figure.layout.dragmode = isCoarse() ? false : "zoom";
  node.setAttribute("aria-label", figure.layout.meta.alt);
  await Plotly.react(node, figure.data, figure.layout, config());
  node.dataset.epoch = figure.layout.meta.epoch;
  node.dataset.drawn = Number(node.dataset.drawn ?? 0) + 1;
  followWidth(node);
  linkHover(node);
  keepExplanations(node);
  tellPicks(node, data.picks, setTriggerValue);
  return () => {
    node.widthObserver?.disconnect();
    Plotly.purge(node);
  };
}
