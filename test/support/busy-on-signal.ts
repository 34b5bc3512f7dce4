/** Loaded into a server that is to be overloaded: from SIGUSR2 on each turn of its event loop is long, until the next. */
const turnMs = 250
let timer: NodeJS.Timeout | undefined

const spin = (): void => {
  for (const until = performance.now() + turnMs; performance.now() < until; );
}

process.on('SIGUSR2', () => {
  if (timer === undefined) timer = setInterval(spin, 1)
  else {
    clearInterval(timer)
    timer = undefined
  }
})
