/** Asks before something is done that is hard to undo. The dialog is loaded when it is asked for first. */

import { lazy, Suspense, useEffect, useState } from 'react';
import type { ReactNode } from 'react';

export interface Question {
  title: string;
  text: ReactNode;
  /** What the button says that does it. */
  action: string;
  /** It takes something away. */
  danger?: boolean;
  run(): void;
}

const Dialog = lazy(() => import('./ConfirmDialog.tsx'));

let show: (question: Question) => void = () => undefined;

export const confirm = (question: Question): void => show(question);

/** Is there once, around all pages. */
export function Confirmation() {
  const [question, setQuestion] = useState<Question | null>(null);
  useEffect(() => {
    show = setQuestion;
    return () => {
      show = () => undefined;
    };
  }, []);
  return question === null ? null : (
    <Suspense fallback={null}>
      <Dialog question={question} onClose={() => setQuestion(null)} />
    </Suspense>
  );
}
