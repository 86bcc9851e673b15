/**
 * Shows the address of a room to those who are to come into it: to copy, and as a QR code for a phone's camera.
 */

import { tr } from "../strings.js";
import { openCard } from "./dialogs.js";
import { button, el, nameOf } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {object} Invitation
 * @property {string} address
 * @property {boolean} near whether it works on the server's machine alone
 * @property {number} size of the code, in units; 0 without a code
 * @property {string} path
 */

/**
 * @param {string} room
 * @param {(text: string) => void} copy
 */
export async function openShare(room, copy) {
  const { address, near, size, path } = await invitationTo(room);
  const copied = el("p", { role: "status" });
  const copyIt = () => {
    copy(address);
    copied.textContent = tr("addressCopied");
  };
  openCard(
    ".share",
    tr("shareRoom"),
    nameOf(room),
    el("p", {}, tr(near ? "shareNear" : "shareHelp")),
    size > 0 && codeOf(size, path),
    el("p.text", { dir: "ltr" }, el("a", { href: address }, address)),
    button(".primary", tr("copyAddress"), copyIt),
    copied,
  );
}

/**
 * The server knows the address for others, and draws the code. Without it, the page's own address has to do.
 * @param {string} room
 * @returns {Promise<Invitation>}
 */
async function invitationTo(room) {
  const address = `${location.href.split("#")[0]}#${encodeURIComponent(room.slice(1))}`;
  try {
    const answer = await fetch(`invitation?at=${encodeURIComponent(address)}`);
    if (answer.ok) return /** @type {Invitation} */ (await answer.json());
  } catch {
    // The connection is lost: there is no code.
  }
  return { address, near: false, size: 0, path: "" };
}

/**
 * @param {number} size
 * @param {string} path
 */
function codeOf(size, path) {
  const code = document.createElementNS(SVG, "svg");
  code.setAttribute("viewBox", `0 0 ${size} ${size}`);
  code.setAttribute("class", "code");
  code.setAttribute("role", "img");
  code.setAttribute("aria-label", tr("qrCode"));
  const squares = document.createElementNS(SVG, "path");
  squares.setAttribute("d", path);
  code.append(squares);
  return code;
}
