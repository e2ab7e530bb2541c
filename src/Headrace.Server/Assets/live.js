// Shows a page again at each event of the request that it tells of. Where no events come it asks every so often.
const main = document.getElementById("main");
const every = 1000 * Number(main.dataset.every);
let isBusy = false;
let isAsked = false;
let isLive = true;

async function show() {
  isAsked = true;
  if (isBusy) return;
  isBusy = true;
  while (isAsked) {
    isAsked = false;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
      if (!answer.ok || !page) continue;
      isLive = "events" in page.dataset;
      if (page.innerHTML !== main.innerHTML) main.replaceChildren(...page.childNodes);
    } catch {
      // The server is away; the next time says how things stand.
    }
  }
  isBusy = false;
}

function ask() {
  const timer = setInterval(() => (isLive ? show() : clearInterval(timer)), every);
}

if (window.EventSource) {
  const events = new EventSource(main.dataset.events);
  events.addEventListener("state", show);
  events.addEventListener("end", () => {
    events.close();
    show();
  });
  events.addEventListener("error", () => {
    events.close();
    ask();
  });
} else {
  ask();
}
