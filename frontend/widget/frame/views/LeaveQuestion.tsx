/** Asks before a running call is cut off. */

import type { JSX } from 'preact';
import type { Texts } from '../../locales/en.ts';

interface LeaveQuestionProps {
  texts: Texts;
  action: string;
  onConfirm(): void;
  onCancel(): void;
}

export function LeaveQuestion({ texts, action, onConfirm, onCancel }: LeaveQuestionProps): JSX.Element {
  return (
    <div class="question-cover">
      <div class="question" role="alertdialog" aria-labelledby="leave-title" aria-describedby="leave-text">
        <h2 id="leave-title">{texts.leaveTitle}</h2>
        <p id="leave-text">{texts.leaveText}</p>
        <div class="actions">
          <button type="button" class="button primary" data-autofocus onClick={onCancel}>
            {texts.leaveStay}
          </button>
          <button type="button" class="button danger" onClick={onConfirm}>
            {action}
          </button>
        </div>
      </div>
    </div>
  );
}
