(() => {
  const $ = (id) => document.getElementById(id);
  const box = $("filters"), text = $("text"), severity = $("severity"), concept = $("concept"), fresh = $("fresh");
  const groups = [...document.querySelectorAll(".group")].map((el) => ({
    el,
    head: el.querySelector("header").textContent.toLowerCase(),
    items: [...el.querySelectorAll(".f")].map((f) => ({ f, words: f.textContent.toLowerCase() })),
  }));
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const g of groups) {
      const d = g.el.dataset;
      const fits = !concept.value || d.concept === concept.value;
      let some = 0;
      for (const { f, words: has } of g.items) {
        const ok = fits && Number(f.dataset.rank) >= Number(severity.value) && (!fresh?.checked || f.dataset.new) &&
          words.every((w) => has.includes(w) || g.head.includes(w));
        f.hidden = !ok;
        some += ok;
      }
      g.el.hidden = !some;
      shown += some;
    }
    $("shown").textContent = shown + " shown";
    $("none").hidden = shown > 0;
  };
  let timer;
  text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, 120); });
  for (const el of [severity, concept, fresh]) el?.addEventListener("change", apply);
  for (const a of document.querySelectorAll("a.row")) {
    a.addEventListener("click", () => { concept.value = a.dataset.concept; apply(); });
  }
  box.hidden = false;
  apply();
})();
