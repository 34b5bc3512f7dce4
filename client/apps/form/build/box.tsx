/** An empty box to tick, or a ring where only one can be. */
export function Box({ round }: { round: boolean }) {
  return (
    <span
      aria-hidden="true"
      className={`size-4 flex-none border-[1.5px] border-edge ${round ? 'rounded-[50%]' : 'rounded-[3px]'}`}
    />
  )
}
