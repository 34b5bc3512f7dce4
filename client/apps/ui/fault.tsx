import { Component, type ReactNode } from 'react'
import { Button } from './button.tsx'
import { Screen } from './screen.tsx'

/** What is shown when a part of the page fails for a reason that nobody foresaw. A class, because React asks only classes. */
export class Fault extends Component<{ readonly children: ReactNode }, { readonly error: Error | null }> {
  override state = { error: null as Error | null }

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <Screen
        heading="This page has a fault."
        actions={
          <Button look="go" onClick={() => location.reload()}>
            Load it again
          </Button>
        }
      >
        <p>What is saved is in the log.</p>
        <p className="font-mono text-xs wrap-anywhere">{error.message}</p>
      </Screen>
    )
  }
}
