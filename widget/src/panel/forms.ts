/** What a visitor is asked before he begins: who he is, and whether he agrees. */
import style from './parts/forms.css?inline'
import { addStyle } from './parts/part'

export { Consent } from './parts/Consent'
export { Introduction } from './parts/Introduction'

addStyle(style)
