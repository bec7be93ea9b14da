// Put into the page by benchmarks/page.py before anything of the app runs: what a person sees, frame by frame.
(() => {
  const chart = () => document.querySelector(".st-key-chart-loss .live-chart");
  const epoch = () => Number(chart()?.dataset.epoch ?? 0);
  const revision = () => chart()?.layout?.uirevision;
  // A line or a point with a path of its own: what is in the page, not what was sent to it.
  const inked = () => {
    const node = chart();
    const box = node?.getBoundingClientRect();
    const path = node?.querySelector(".scatterlayer .js-line[d], .scatterlayer .point[d]");
    return Boolean(box && box.width > 0 && box.height > 0 && path && path.getAttribute("d").length > 1);
  };

  // Milliseconds from the next click on Train to the first frame with a point of the new run.
  window.firstPoint = () =>
    new Promise((resolve) => {
      const before = revision();
      const onClick = (event) => {
        if (!event.target.closest(".st-key-train")) return;
        document.removeEventListener("click", onClick, true);
        const look = () => {
          if (epoch() >= 1 && inked() && revision() !== before) resolve(performance.now() - event.timeStamp);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      };
      document.addEventListener("click", onClick, true);
    });

  // Starts to watch every frame; returns a function that stops and tells what was seen.
  window.watchFrames = () => {
    const first = chart();
    const seen = { frames: 0, blank: 0, otherNode: 0, moved: 0, removed: 0, longTasks: 0, longestTask: 0, shift: 0 };
    const drawnBefore = Number(first.dataset.drawn);
    const started = performance.now();
    const top = () => Math.round(chart()?.getBoundingClientRect().top ?? 0);
    const place = top();
    let watching = true;
    const mutations = new MutationObserver((records) => {
      for (const record of records)
        for (const node of record.removedNodes)
          if (node === first || node.contains?.(first) || node.classList?.contains("main-svg")) seen.removed += 1;
    });
    mutations.observe(document.body, { childList: true, subtree: true });
    const tasks = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        seen.longTasks += 1;
        seen.longestTask = Math.max(seen.longestTask, entry.duration);
      }
    });
    tasks.observe({ type: "longtask" });
    const shifts = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
    });
    shifts.observe({ type: "layout-shift" });
    const look = () => {
      if (!watching) return;
      seen.frames += 1;
      if (!inked()) seen.blank += 1;
      if (chart() !== first) seen.otherNode += 1;
      if (top() !== place) seen.moved += 1;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    window.stopWatching = () => {
      watching = false;
      for (const observer of [mutations, tasks, shifts]) observer.disconnect();
      const seconds = (performance.now() - started) / 1000;
      const updates = Number(chart().dataset.drawn) - drawnBefore;
      return { ...seen, seconds, updates, sameNode: chart() === first, range: [...chart().layout.xaxis.range] };
    };
  };
})();
