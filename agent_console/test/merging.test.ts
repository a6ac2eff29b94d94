import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick, ref } from 'vue'
import { createI18n } from 'vue-i18n'

import { hub } from '../src/api/hub'
import type { CustomerAddress, CustomerView } from '../src/api/types'
import { areDifferent, differing, given, likelier, proposed, sharePhoneOnly } from '../src/customers/merging'
import { useComparison } from '../src/customers/useComparison'
import { newClient } from './fixtures'

const to = (kind: 'email' | 'phone', value: string, verified = false): CustomerAddress => ({ id: value, kind, value, display: value, label: '', verified, primary: false })
const customer = (id: string, part: Partial<CustomerView> = {}): CustomerView => ({
  id, number: 'C1', kind: 'person', name: id, level: 'ordinary', sex: null, company: '', title: '', postal_address: '', locale: '', note: '', unconfirmed: false,
  addresses: [], refusals: [], organisations: [], members: [], merged: [], created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', version: 1, ...part,
})

describe('which of two customers is kept', () => {
  it('is whoever somebody has looked at, else who has been here longer', () => {
    const old = customer('old'), young = customer('young', { created_at: '2026-02-01T00:00:00Z' })
    expect([likelier(old, young), likelier(young, old)]).toEqual([old, old])
    const unknown = customer('unknown', { unconfirmed: true, created_at: '2025-01-01T00:00:00Z' })
    expect([likelier(unknown, young), likelier(young, unknown)]).toEqual([young, young])
  })
})

describe('what the kept one gets', () => {
  const kept = customer('王芳', { company: 'Acme', note: 'tea' })
  const gone = customer('Fang', { company: 'Acme', title: 'Buyer', note: 'Mondays', level: 'vip' })

  it('is asked only where the two differ', () => expect(differing(kept, gone)).toEqual(['name', 'level', 'title', 'note']))
  it('is what it lacks, and both notes, if nobody says otherwise', () => {
    expect(given(kept, gone, {})).toEqual({ level: 'vip', title: 'Buyer', note: 'tea\n\nMondays' })
    expect(given(customer('a@x', { addresses: [to('email', 'a@x')] }), customer('Ann', { level: 'potential' }), {})).toEqual({ name: 'Ann' })
    expect(proposed('title', gone, kept)).toBe('kept')
  })
  it('is what somebody chose', () => {
    expect(given(kept, gone, { name: 'gone', level: 'gone', title: 'kept', note: 'kept' })).toEqual({ name: 'Fang', level: 'vip' })
    expect(given(gone, kept, { note: 'gone', name: 'kept', level: 'kept' })).toEqual({ note: 'tea' })
  })
})

describe('who may be two people after all', () => {
  const phone = to('phone', '+8613800138000')
  it('has verified addresses of one kind, and none in common', () => {
    const one = customer('a', { addresses: [to('email', 'a@x', true), phone] })
    expect(areDifferent(one, customer('b', { addresses: [to('email', 'b@x', true), phone] }))).toBe(true)
    expect(areDifferent(one, customer('b', { addresses: [to('email', 'b@x'), phone] }))).toBe(false)
    expect(areDifferent(one, customer('b', { addresses: [to('email', 'b@x', true), to('email', 'a@x', true)] }))).toBe(false)
    expect(areDifferent(one, customer('b', { addresses: [to('phone', '+861', true)] }))).toBe(false)
  })
  it('shares nothing but a number', () => {
    expect(sharePhoneOnly(customer('a', { addresses: [phone] }), customer('b', { addresses: [phone] }))).toBe(true)
    expect(sharePhoneOnly(customer('a', { addresses: [phone, to('email', 'a@x')] }), customer('b', { addresses: [phone, to('email', 'a@x')] }))).toBe(false)
    expect(sharePhoneOnly(customer('a', { addresses: [phone] }), customer('b', { name: 'A ', addresses: [phone] }))).toBe(false)
    expect(sharePhoneOnly(customer('a'), customer('b'))).toBe(false)
  })
})

describe('another one to compare with', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('begins with nothing that was said of the one before', async () => {
    const mine = customer('mine', { company: 'Acme', addresses: [to('email', 'a@x', true)] })
    const others = [customer('first', { company: 'First', addresses: [to('email', 'b@x', true)] }), customer('second', { company: 'Second', addresses: [to('email', 'c@x', true)] })]
    vi.spyOn(hub, 'customer').mockImplementation(async (id) => others.find((one) => one.id === id)!)
    const other = ref('first')
    let comparison!: ReturnType<typeof useComparison>
    const setup = () => ((comparison = useComparison(() => mine, () => other.value, () => undefined)), () => null)
    mount({ setup }, { global: { plugins: [createPinia(), createI18n({ legacy: false, locale: 'en', messages: { en: {} } }), [VueQueryPlugin, { queryClient: newClient() }]] } })
    await flushPromises()
    comparison.chosen.company = 'first'
    comparison.keptId.value = 'first'
    comparison.sure.value = true
    expect(comparison.ready.value).toBe(true)
    other.value = 'second'
    await nextTick()
    await flushPromises()
    expect(comparison.isDifferent.value).toBe(true)
    expect(comparison.ready.value).toBe(false)
    expect(comparison.kept.value?.id).toBe('mine')
    expect(comparison.pickOf('company')).toBe('mine')
  })
})
