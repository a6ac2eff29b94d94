const TEXT = 'input:not([type=checkbox],[type=radio],[type=button],[type=file]),textarea,select,[contenteditable=true]'

/** Single letters belong to fields, menus and dialogs while one has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest(`${TEXT},[role=dialog],[role=menu]`) !== null
}
