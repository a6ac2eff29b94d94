/** What many chats never need: loaded when the first file or choice is there. */
import style from './extras.css?inline'

export { Choices } from './Choices'
export { Contact } from './Contact'
export { Files } from './Files'
export { PendingFiles } from './PendingFiles'
export { Uploads } from './uploads'

const sheet = new CSSStyleSheet()
sheet.replaceSync(style)
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
