// The paths of the page: / lists, /plants/ID shows one. The server answers all of them with the page.
const main = document.getElementById("main");
const plants = await (await fetch("/api/plants")).json();

function element(name, text, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...[text].flat());
  return made;
}

function draw() {
  const [, id] = location.pathname.match(/^\/plants\/(\d+)$/) || [];
  const plant = plants.find((one) => one.id === Number(id));
  if (plant) {
    main.replaceChildren(element("article", [element("h1", plant.name), `It likes: ${plant.light}`]), element("a", "All plants", {href: "/"}));
  } else if (location.pathname === "/") {
    main.replaceChildren(element("ul", plants.map((one) => element("li", element("a", one.name, {href: `/plants/${one.id}`})))));
  } else {
    main.replaceChildren(element("p", "There is no such page."));
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  history.pushState({}, "", link.href);
  draw();
});
addEventListener("popstate", draw);
draw();
