// Choosing a thing shows what leads to it and from it, all the way.
const drawing = document.querySelector("svg.picture");
const edges = [...drawing.querySelectorAll(".edge")];
function follow(id, from, to) {
  const seen = new Set([id]);
  for (const at of seen) for (const e of edges) if (e.dataset[from] === at) { e.classList.add("near"); seen.add(e.dataset[to]); }
  return seen;
}
function choose(node) {
  drawing.querySelectorAll(".near").forEach(e => e.classList.remove("near"));
  drawing.classList.toggle("chosen", !!node);
  if (!node) return;
  const near = new Set([...follow(node.dataset.id, "from", "to"), ...follow(node.dataset.id, "to", "from")]);
  drawing.querySelectorAll(".node").forEach(n => n.classList.toggle("near", near.has(n.dataset.id)));
}
drawing.addEventListener("click", e => choose(e.target.closest(".node")));
document.addEventListener("keydown", e => { if (e.key === "Escape") choose(null); });
