const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const clockToTheSecond = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit'
})
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short' })
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const fullDate = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const thousands = new Intl.NumberFormat('en-GB')

/** `10:32` */
export const timeOf = (date: Date): string => clock.format(date)

/** `10:32:07` */
export const secondOf = (date: Date): string => clockToTheSecond.format(date)

/** `4,182` */
export const numberOf = (number: number): string => thousands.format(number)

/** `1 change`, `3 changes` */
export const countOf = (number: number, one: string, many = `${one}s`): string =>
  `${numberOf(number)} ${number === 1 ? one : many}`

/** Today by time, this week by day, then by date: `10:32`, `Wed 16:12`, `9 Nov`, `9 Nov 2025`. */
export const momentOf = (date: Date, now: Date): string => {
  const days = Math.round((startOfDay(now) - startOfDay(date)) / 86_400_000)
  if (days <= 0) return timeOf(date)
  if (days === 1) return `yesterday ${timeOf(date)}`
  if (days < 7) return `${weekday.format(date)} ${timeOf(date)}`
  return date.getFullYear() === now.getFullYear() ? dayAndMonth.format(date) : fullDate.format(date)
}

const startOfDay = (date: Date): number =>
  new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
