import type { LucideIcon } from 'lucide-react'

/** A lucide icon in the one size and stroke of the house. It replaces or tells apart words that stand elsewhere. */
export function Icon({ of: Drawing, className = '' }: { of: LucideIcon; className?: string }) {
  return <Drawing size={16} strokeWidth={1.75} aria-hidden="true" className={`flex-none ${className}`} />
}
