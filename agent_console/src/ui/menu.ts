import type { Component } from 'vue'

export interface MenuItem {
  id: string
  label: string
  icon?: Component
  iconClass?: string
  keys?: string
  detail?: string
  checked?: boolean
  danger?: boolean
  disabled?: boolean
}
export type MenuEntry = MenuItem | { heading: string } | 'line'
export type Side = 'top' | 'right' | 'bottom' | 'left'
