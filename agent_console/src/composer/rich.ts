import { Editor, type AnyExtension } from '@tiptap/core'
import { Blockquote } from '@tiptap/extension-blockquote'
import { Bold } from '@tiptap/extension-bold'
import { Document } from '@tiptap/extension-document'
import { HardBreak } from '@tiptap/extension-hard-break'
import { Image } from '@tiptap/extension-image'
import { Italic } from '@tiptap/extension-italic'
import { Link } from '@tiptap/extension-link'
import { BulletList, ListItem, ListKeymap, OrderedList } from '@tiptap/extension-list'
import { Paragraph } from '@tiptap/extension-paragraph'
import { Text } from '@tiptap/extension-text'
import { Underline } from '@tiptap/extension-underline'
import { Placeholder, UndoRedo } from '@tiptap/extensions'

import { shownBy } from './uploads'

const uploadIn = (element: HTMLElement): string | null => /^cid:(.+)$/.exec(element.getAttribute('src') ?? '')?.[1] ?? null

/** A picture in the text: shown from this browser's memory, sent as `cid:` and the id of its upload. */
const InlineImage = Image.extend({
  addAttributes() {
    return {
      alt: { default: '' },
      src: { default: '', parseHTML: (element) => shownBy(uploadIn(element) ?? '') },
      upload: { default: null, parseHTML: uploadIn, renderHTML: () => ({}) },
    }
  },
})

const extensions = (placeholder: string): AnyExtension[] => [
  Document,
  Paragraph,
  Text,
  HardBreak,
  Bold,
  Italic,
  Underline,
  Blockquote,
  BulletList,
  OrderedList,
  ListItem,
  ListKeymap,
  Link.configure({ openOnClick: false, autolink: true, defaultProtocol: 'https', HTMLAttributes: { rel: 'noopener noreferrer', target: null } }),
  InlineImage.configure({ inline: true }),
  UndoRedo,
  Placeholder.configure({ placeholder }),
]

export function createEditor(element: HTMLElement, content: string, attributes: Record<string, string>): Editor {
  return new Editor({ element, content, extensions: extensions(attributes['aria-label'] ?? ''), injectCSS: false, editorProps: { attributes } })
}

/** What would be sent: pictures by the id of their upload. */
export function htmlIn(editor: Editor): string {
  const holder = new DOMParser().parseFromString(editor.getHTML(), 'text/html')
  let at = 0
  const ids: (string | null)[] = []
  editor.state.doc.descendants((node) => void (node.type.name === 'image' && ids.push(node.attrs.upload as string | null)))
  for (const image of holder.querySelectorAll('img')) {
    const id = ids[at++]
    if (id) image.setAttribute('src', 'cid:' + id)
    else image.remove()
  }
  return new XMLSerializer().serializeToString(holder.body).replace(/^<body[^>]*>|<\/body>$/g, '')
}

export const textIn = (editor: Editor): string => editor.getText({ blockSeparator: '\n\n' })

/** Whether formatting was used that plain text would lose. */
export function isFormatted(editor: Editor): boolean {
  let found = false
  editor.state.doc.descendants((node) => {
    if (node.marks.some((mark) => mark.type.name !== 'link') || !['paragraph', 'text', 'hardBreak'].includes(node.type.name)) found = true
    return !found
  })
  return found
}
