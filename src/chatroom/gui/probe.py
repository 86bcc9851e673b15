"""What the window shows, read back from its widgets: for tests that drive it from outside (`CHATROOM_GUI_STATE`)."""

from typing import Any

_ROWS = 120  # the last ones


def state(view: Any) -> dict[str, Any]:
    """Plain values, ready for JSON."""
    text, root = view.messages.text, view.root
    count = view.messages.count
    focus = str(root.tk.call("focus", "-displayof", root))
    return {
        "title": root.title(),
        "panel": bool(view.panel.winfo_ismapped()),
        "errors": [str(label["text"]) for label in view.panel.errors() if str(label["text"])],
        "rows": text.get(f"{max(1, count - _ROWS + 1)}.0", "end-1c").splitlines(),
        "row_count": count,
        "top": text.get("@0,0 linestart", "@0,0 lineend"),
        "at_bottom": view.messages.at_bottom,
        "pill": _label(view.messages.pill),
        "empty": _label(view.messages.empty),
        "banner": str(view.banner_text()) if view.banner.winfo_manager() else "",
        "header": view.header_text(),
        "status": view.status_text(),
        "rooms": view.rooms.texts(),
        "members": view.members.texts(),
        "rooms_shown": bool(view.rooms.winfo_ismapped()),
        "members_shown": bool(view.members.winfo_ismapped()),
        "composer": view.composer.get(),
        "picker": view.picker.texts() if view.picker.winfo_ismapped() else None,
        "search": view.search.result if view.search.winfo_ismapped() else None,
        "focus": focus.rpartition(".")[2],
        "focused": bool(focus),
        "size": [root.winfo_width(), root.winfo_height()],
        "send_at": _middle(view.composer.send_button, root),
        "composer_at": _middle(view.composer.text, root),
        "messages_at": _middle(text, root),
        "pill_at": _middle(view.messages.pill, root),
        **{f"{tag}_at": _first(text, tag, root) for tag in ("link", "retry", "delete", "more")},
    }


def _first(text: Any, tag: str, root: Any) -> list[int] | None:
    """Where the first words with this tag stand; None when there are none in sight."""
    ranges = text.tag_ranges(tag)
    box = text.bbox(ranges[0]) if ranges else None
    if not box:
        return None
    return [text.winfo_rootx() - root.winfo_rootx() + box[0] + 2, text.winfo_rooty() - root.winfo_rooty() + box[1] + 2]


def _label(widget: Any) -> str:
    return str(widget["text"]) if widget.winfo_manager() else ""


def _middle(widget: Any, root: Any) -> list[int] | None:
    """Where to point the mouse, from the window's corner; None when the widget can't be seen."""
    if not widget.winfo_ismapped():
        return None
    x, y = widget.winfo_rootx() + widget.winfo_width() // 2, widget.winfo_rooty() + widget.winfo_height() // 2
    return [x - root.winfo_rootx(), y - root.winfo_rooty()]
