// Reads the codes that a console shows into the form around it. The camera is opened by a press,
// and closed when all codes of one statement were read. Nothing is sent but the form, as it is.
const box = document.querySelector("[data-scan]");
const words = box.dataset;
const form = box.closest("form");

function add(name, text) {
  const element = box.appendChild(document.createElement(name));
  element.textContent = text;
  return element;
}

const button = add("button", words.start);
button.type = "button";
button.className = "quiet";
const status = add("p", "");
status.setAttribute("role", "status");
const video = add("video", "");
video.muted = video.playsInline = video.hidden = true;

function say(text) {
  if (status.textContent !== text) status.textContent = text; // each change is read out
}

let camera = null; // the one that is wanted, and what it shows
const read = new Map(); // the parts of each statement, by their numbers

// take takes the text of a code, and returns how far the statement is that it is of.
function take(text) {
  const part = /^(OL[A-Z][1-9])(?:\/(\d+)-(\d+))?:([A-Z2-7]{4})[A-Z2-7]+$/.exec(text.trim().toUpperCase());
  if (!part) return null;
  const [whole, prefix, number = 1, count = 1, mark] = part;
  const name = `${prefix}/${count}:${mark}`;
  if (!read.has(name)) read.set(name, []);
  const parts = read.get(name);
  parts[number - 1] = whole;
  const there = parts.filter(Boolean);
  return { there: there.length, count: Number(count), text: there.join("\n") };
}

function stop() {
  camera?.stream?.getTracks().forEach((track) => track.stop());
  camera = video.srcObject = null;
  video.hidden = true;
  button.textContent = words.start;
}

function look(found) {
  for (const text of found) {
    if (typeof text !== "string") continue; // what was wrong with the rest of the picture
    const state = take(text);
    if (state === null) say(words.other);
    else if (state.there < state.count) say(words.more.replace("#", state.there).replace("#", state.count));
    else {
      stop();
      form.elements.statement.value = state.text;
      say(words.done);
      form.requestSubmit();
      return;
    }
  }
}

async function start() {
  const mine = (camera = {});
  read.clear();
  button.textContent = words.stop;
  say(words.aim);
  const { decodeQRBatch } = await import("./qr/decode.js");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } });
  mine.stream = stream;
  if (camera !== mine) return stream.getTracks().forEach((track) => track.stop()); // it took too long
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const paper = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  while (camera === mine) {
    const size = { width: video.videoWidth, height: video.videoHeight };
    Object.assign(paper.canvas, size);
    paper.drawImage(video, 0, 0);
    const [found] = await decodeQRBatch([paper.getImageData(0, 0, size.width, size.height)], { maxSize: size, effort: 8, timeLimit: 60 });
    if (camera === mine) look(found);
    await new Promise((next) => setTimeout(next, 50)); // a pause for the page, and the battery
  }
}

async function press() {
  if (camera) {
    stop();
    say("");
    return;
  }
  try {
    await start();
  } catch {
    stop();
    say(words.unable);
  }
}

if (navigator.mediaDevices) {
  button.addEventListener("click", press);
  addEventListener("pagehide", stop);
} else {
  button.remove();
  say(words.unable);
}
box.hidden = false;
