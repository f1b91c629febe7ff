// Returns what is wrong with the document as it shows now: names, roles, contrast, width. The body of a function.
const problems = [];
const visible = element => element.checkVisibility({opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true});
const describe = element => element.outerHTML.slice(0, 120).replace(/\s+/g, " ");

function name(element) {
  const labelled = element.getAttribute("aria-labelledby");
  return (labelled ? document.getElementById(labelled)?.textContent : null) ?? element.getAttribute("aria-label")
    ?? ([...element.labels ?? []].map(label => label.textContent).join(" ").trim() || element.textContent);
}

for (const element of document.querySelectorAll("button, input, select, table, dialog[open], form[role]")) {
  if (element.checkVisibility() && !name(element)?.trim()) {
    problems.push(`no name: ${describe(element)}`);
  }
}
for (const reference of ["aria-labelledby", "aria-describedby", "for"]) {
  for (const element of document.querySelectorAll(`[${reference}]`)) {
    for (const id of element.getAttribute(reference).split(" ")) {
      if (!document.getElementById(id)) {
        problems.push(`${reference} of nothing: ${describe(element)}`);
      }
    }
  }
}
const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
if (new Set(ids).size !== ids.length) {
  problems.push("an id occurs twice");
}
if (!document.documentElement.lang || !document.title) {
  problems.push("no language or title");
}
if ([...document.querySelectorAll("h1")].filter(visible).length !== 1) {
  problems.push("not one h1");
}
const roles = {TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell"};
for (const element of document.querySelectorAll("table, thead, tbody, tr, td")) {
  if (element.getAttribute("role") !== roles[element.tagName]) {
    problems.push(`no role: ${describe(element)}`);
  }
}
if (document.documentElement.scrollWidth > window.innerWidth) {
  problems.push(`wider than the window: ${document.documentElement.scrollWidth} of ${window.innerWidth}`);
}

const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
function rgba(color) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data;
}
function luminance([r, g, b]) {
  const [x, y, z] = [r, g, b].map(value => value / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}
function background(element) {
  for (let e = element; e; e = e.parentElement) {
    const color = rgba(getComputedStyle(e).backgroundColor);
    if (color[3] === 255) {
      return color;
    }
  }
  return [255, 255, 255];
}
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  if (own && !element.closest("noscript, .hidden, option") && visible(element)) {
    const pair = [luminance(rgba(getComputedStyle(element).color)), luminance(background(element))].sort((a, b) => b - a);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (contrast < 4.5) {
      problems.push(`contrast ${contrast.toFixed(2)}: ${describe(element)}`);
    }
  }
}
return problems;
