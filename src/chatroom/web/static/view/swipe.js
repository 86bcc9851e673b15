/**
 * Swipes of a finger to the left and to the right.
 */

const SWIPE_PX = 60;
/** A swipe that begins at the edge of the screen is the system's: it goes back. */
const EDGE_PX = 16;

/**
 * @param {HTMLElement} element
 * @param {(isToRight: boolean) => void} onSwipe
 */
export function listenForSwipes(element, onSwipe) {
  /** @type {Touch | null} */
  let begun = null;
  element.addEventListener("touchstart", (event) => {
    const touch = event.touches[0];
    const isOurs = event.touches.length === 1 && touch.clientX > EDGE_PX && touch.clientX < innerWidth - EDGE_PX;
    begun = isOurs && !scrollsSideways(/** @type {Element | null} */ (event.target)) ? touch : null;
  }, { passive: true });
  element.addEventListener("touchend", (event) => {
    if (!begun) return;
    const right = event.changedTouches[0].clientX - begun.clientX;
    const down = event.changedTouches[0].clientY - begun.clientY;
    begun = null;
    const isSelecting = !(getSelection()?.isCollapsed ?? true);
    if (Math.abs(right) >= SWIPE_PX && Math.abs(right) > 2 * Math.abs(down) && !isSelecting) onSwipe(right > 0);
  }, { passive: true });
  element.addEventListener("touchcancel", () => (begun = null), { passive: true });
}

/**
 * Whether a finger there moves a wide block of code, or the cursor in a field.
 * @param {Element | null} target
 */
function scrollsSideways(target) {
  for (let node = target; node; node = node.parentElement) {
    if (node.matches("input, textarea") || (node.scrollWidth > node.clientWidth && getComputedStyle(node).overflowX === "auto")) return true;
  }
  return false;
}
