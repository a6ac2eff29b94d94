/** Sound, transcript, deletion. */
import style from './parts/menu.css?inline'
import { addStyle } from './parts/part'

export { Menu } from './parts/Menu'

addStyle(style)
