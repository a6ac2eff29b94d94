import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'

import { ApiError } from '../src/api/http'
import { threads, type DraftView } from '../src/api/thread'
import { htmlOf, isEmpty, merged, nothing, plainOf, readKept, type Written } from '../src/composer/drafts'
import { useDraft } from '../src/composer/useDraft'
import { keepFor } from '../src/lib/owner'

const written = (text: string, part: Partial<Written> = {}): Written => ({ ...nothing(), text, ...part })
const view = (text: string, revision: number): DraftView => ({ mode: 'reply', revision, text, html: null, subject: null, account_id: null, to: [], cc: [], bcc: [], attachments: [], forward_of: null })

describe('two drafts of one conversation', () => {
  const base = written('Hello')
  it('become whichever was changed', () => {
    expect(merged(base, base, written('Hello there'))).toEqual(written('Hello there'))
    expect(merged(base, written('Hello you'), base)).toEqual(written('Hello you'))
  })
  it('lose no word when both were changed', () => expect(merged(base, written('Hello mine'), written('Hello theirs')).text).toBe('Hello mine\n\nHello theirs'))
  it('say nothing twice when one goes on where the other stopped', () => {
    expect(merged(base, written('Hello there'), written('Hello there, Ms Wang')).text).toBe('Hello there, Ms Wang')
    expect(merged(base, written('Hello there, Ms Wang'), written('Hello there')).text).toBe('Hello there, Ms Wang')
  })
  it('are the other one where ours was emptied, and ours where the other was', () => {
    expect(merged(base, written(' '), written('Hello theirs')).text).toBe('Hello theirs')
    expect(merged(base, written('Hello mine'), nothing()).text).toBe('Hello mine')
  })
  it('join what each changed: the files of one, the words of the other', () => {
    const file = { id: '1', filename: 'a', size: 1, content_type: 'a/b', sha256: '1' }
    expect(merged(base, written('Hello', { files: [file] }), written('Goodbye'))).toEqual(written('Goodbye', { files: [file] }))
    expect(merged(base, written('Goodbye'), written('Hello', { files: [file] }))).toEqual(written('Goodbye', { files: [file] }))
  })
  it('keep the files of both', () => {
    const file = (id: string) => ({ id, filename: id, size: 1, content_type: 'a/b', sha256: id })
    const both = merged(base, written('a', { files: [file('1')] }), written('b', { files: [file('1'), file('2')] }))
    expect(both.files.map((one) => one.id)).toEqual(['1', '2'])
  })
  it('are both formatted where one is', () => expect(merged(base, written('a', { html: '<p><b>a</b></p>' }), written('x < y')).html).toBe('<p><b>a</b></p><p>x &lt; y</p>'))
})

it('text becomes paragraphs and lines, and never markup', () => expect(htmlOf('a\nb\n\n<i>&c')).toBe('<p>a<br>b</p><p>&lt;i&gt;&amp;c</p>'))
it('and comes back as the text it was', () => expect(plainOf(htmlOf('a\nb\n\n<i>&c'))).toBe('a\nb\n\n<i>&c'))
it('a draft is empty until it has words, files or something to pass on', () => {
  expect(isEmpty(written(' \n'))).toBe(true)
  expect(isEmpty(written('', { forward_of: 'm1' }))).toBe(false)
})

describe('a draft in step with the hub', () => {
  let scope: EffectScope
  const draft = () => scope.run(() => useDraft('c1', 'reply'))!

  beforeEach(() => {
    vi.useFakeTimers()
    scope = effectScope()
  })
  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('is saved within a second of the last letter, once', async () => {
    const put = vi.spyOn(threads, 'putDraft').mockResolvedValue(view('hello', 1))
    const one = draft()
    for (const text of ['h', 'he', 'hello']) {
      one.written.text = text
      await vi.advanceTimersByTimeAsync(100)
    }
    await vi.advanceTimersByTimeAsync(900)
    expect(put).toHaveBeenCalledOnce()
    expect(put.mock.calls[0]).toEqual(['c1', 'reply', written('hello'), 0])
    expect(readKept('c1', 'reply')).toBeNull()
    expect(one.saved.value).toBe('yes')
  })

  it('is kept by this browser while the hub is away, and saved when it is back', async () => {
    const put = vi.spyOn(threads, 'putDraft').mockRejectedValueOnce(new ApiError({ status: 0, code: 'offline' })).mockResolvedValueOnce(view('hello', 1))
    const one = draft()
    one.written.text = 'hello'
    await vi.advanceTimersByTimeAsync(1000)
    expect(one.saved.value).toBe('offline')
    expect(readKept('c1', 'reply')?.written.text).toBe('hello')
    await vi.advanceTimersByTimeAsync(6000)
    expect(put).toHaveBeenCalledTimes(2)
    expect(one.saved.value).toBe('yes')
  })

  it('goes on being saved when the newer one could not be asked for', async () => {
    const put = vi.spyOn(threads, 'putDraft').mockRejectedValueOnce(new ApiError({ status: 409, code: 'stale', revision: 5 } as never)).mockResolvedValue(view('', 6))
    vi.spyOn(threads, 'draft').mockRejectedValueOnce(new ApiError({ status: 0, code: 'offline' })).mockResolvedValue(view('', 5))
    const one = draft()
    one.written.text = 'mine'
    await vi.advanceTimersByTimeAsync(1000)
    expect(one.saved.value).toBe('offline')
    one.written.text = 'mine and more'
    await vi.advanceTimersByTimeAsync(1000)
    expect(put).toHaveBeenCalledTimes(2)
    expect(one.saved.value).toBe('yes')
  })

  it('is kept for its writer alone', () => {
    vi.spyOn(threads, 'putDraft').mockRejectedValue(new ApiError({ status: 401, code: 'unauthorised' }))
    keepFor('ann')
    draft().written.text = 'of Ann'
    scope.stop()
    scope = effectScope()
    keepFor('bob')
    expect(draft().written.text).toBe('')
    keepFor('ann')
    expect(readKept('c1', 'reply')?.written.text).toBe('of Ann')
    keepFor('')
  })

  it('begins with what this browser kept over a reload', () => {
    vi.spyOn(threads, 'putDraft').mockRejectedValue(new ApiError({ status: 0, code: 'offline' }))
    draft().written.text = 'hello'
    scope.stop()
    scope = effectScope()
    expect(draft().written.text).toBe('hello')
  })

  it('takes what another device wrote, and joins it with what is not saved yet', async () => {
    const put = vi.spyOn(threads, 'putDraft').mockResolvedValue(view('', 9))
    const one = draft()
    one.take(view('theirs', 1), 1)
    expect(one.written.text).toBe('theirs')
    one.written.text = 'mine'
    one.take(view('theirs again', 2), 2)
    expect(one.written.text).toBe('mine\n\ntheirs again')
    await vi.advanceTimersByTimeAsync(10)
    expect(put.mock.lastCall?.[3]).toBe(2)
  })

  it('asks for the newer one when its revision is old, and saves both', async () => {
    const put = vi.spyOn(threads, 'putDraft').mockRejectedValueOnce(new ApiError({ status: 409, code: 'stale', revision: 5 } as never)).mockResolvedValueOnce(view('', 6))
    vi.spyOn(threads, 'draft').mockResolvedValue(view('theirs', 5))
    const one = draft()
    one.written.text = 'mine'
    await vi.advanceTimersByTimeAsync(1000)
    await flushPromises()
    expect(one.written.text).toBe('mine\n\ntheirs')
    expect(put.mock.lastCall?.[3]).toBe(5)
  })

  it('is not brought back by a late word of what was sent', async () => {
    vi.spyOn(threads, 'putDraft').mockResolvedValue(view('hello', 3))
    const one = draft()
    one.written.text = 'hello'
    await vi.advanceTimersByTimeAsync(1000)
    one.clear()
    one.take(view('hello', 3), 3)
    expect(one.written.text).toBe('')
    one.written.text = 'next'
    one.take(null, 4)
    expect(one.written.text).toBe('next')
  })

  it('is dropped at the hub when nothing is left of it', async () => {
    vi.spyOn(threads, 'putDraft').mockResolvedValue(view('hello', 3))
    const drop = vi.spyOn(threads, 'dropDraft').mockResolvedValue()
    const one = draft()
    one.written.text = 'hello'
    await vi.advanceTimersByTimeAsync(1000)
    one.written.text = ''
    await vi.advanceTimersByTimeAsync(1000)
    expect(drop).toHaveBeenCalledWith('c1', 'reply', 3)
  })
})
