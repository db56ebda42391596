/** English, and with it the list of every text a locale must have. `{…}` are filled in at run time. */

export interface Texts {
  dialogLabel: string;
  close: string;
  minimise: string;
  loading: string;
  configFailedTitle: string;
  tryAgain: string;
  startCall: string;
  formTitle: string;
  formIntro: string;
  name: string;
  email: string;
  nameMissing: string;
  emailMissing: string;
  emailInvalid: string;
  recordingNotice: string;
  aiNotice: string;
  permissionTitle: string;
  permissionText: string;
  gestureTitle: string;
  gestureText: string;
  deniedTitle: string;
  deniedText: string;
  deniedHow: string;
  missingTitle: string;
  missingText: string;
  busyTitle: string;
  busyText: string;
  unsupportedTitle: string;
  unsupportedText: string;
  connecting: string;
  connected: string;
  listening: string;
  callConnected: string;
  agentSpeaking: string;
  agentIsSpeaking: string;
  userSpeaking: string;
  muted: string;
  working: string;
  silenceWarning: string;
  durationWarning: string;
  providerReconnecting: string;
  reconnecting: string;
  ending: string;
  microphoneLost: string;
  mute: string;
  unmute: string;
  endCall: string;
  switchToChat: string;
  duration: string;
  quality: string;
  good: string;
  fair: string;
  poor: string;
  transcript: string;
  transcriptEmpty: string;
  showTranscript: string;
  hideTranscript: string;
  you: string;
  agent: string;
  interrupted: string;
  leaveTitle: string;
  leaveText: string;
  leaveStay: string;
  backToCall: string;
  callEnded: string;
  totalTime: string;
  thanks: string;
  endedSilence: string;
  endedMaximum: string;
  endedByAgent: string;
  endedProvider: string;
  endedLost: string;
  endedError: string;
  feedbackQuestion: string;
  star: string;
  stars: string;
  comment: string;
  submit: string;
  sending: string;
  feedbackThanks: string;
  feedbackFailed: string;
  downloadTranscript: string;
  downloadFailed: string;
  downloadRecording: string;
  recordingPending: string;
  recordingFailed: string;
  startChat: string;
  callAgain: string;
  lostTitle: string;
  lostText: string;
  retry: string;
  refusedTitle: string;
  unavailable: string;
  domain: string;
  rate: string;
  full: string;
  notFound: string;
  expired: string;
  replaced: string;
  network: string;
  server: string;
}

export const texts: Texts = {
  dialogLabel: 'Voice call with {name}',
  close: 'Close',
  minimise: 'Minimise',
  loading: 'Loading…',
  configFailedTitle: 'The call could not be loaded',
  tryAgain: 'Try again',
  startCall: 'Start call',
  formTitle: 'Before we talk',
  formIntro: 'Tell us who is calling.',
  name: 'Name',
  email: 'Email',
  nameMissing: 'Please enter your name.',
  emailMissing: 'Please enter your email address.',
  emailInvalid: 'Please enter an email address like name@example.com.',
  recordingNotice: 'This call is recorded.',
  aiNotice: 'You are talking to an AI assistant.',
  permissionTitle: 'Allow your microphone',
  permissionText: 'Your browser is asking for permission. Choose “Allow” to start the call.',
  gestureTitle: 'Ready when you are',
  gestureText: 'Press the button and start talking.',
  deniedTitle: 'Microphone access required for calls',
  deniedText: 'Microphone access is required for calls. Please allow microphone access and try again.',
  deniedHow: 'Click lock icon in address bar → Site settings → Microphone → Allow',
  missingTitle: 'No microphone found',
  missingText: 'Connect a microphone or a headset, then try again.',
  busyTitle: 'Your microphone is in use',
  busyText: 'Another program is using the microphone. Close it, then try again.',
  unsupportedTitle: 'Calls do not work in this browser',
  unsupportedText: 'Please use a current version of Chrome, Edge, Firefox or Safari.',
  connecting: 'Connecting...',
  connected: 'Connected',
  listening: 'Listening',
  callConnected: 'Call connected',
  agentSpeaking: 'Agent speaking',
  agentIsSpeaking: 'Agent is speaking',
  userSpeaking: 'User speaking',
  muted: 'You are muted',
  working: 'Looking that up…',
  silenceWarning: 'Are you still there?',
  durationWarning: 'This call will end soon',
  providerReconnecting: 'One moment, please…',
  reconnecting: 'Reconnecting…',
  ending: 'Ending the call…',
  microphoneLost: 'Your microphone was disconnected.',
  mute: 'Mute',
  unmute: 'Unmute',
  endCall: 'End Call',
  switchToChat: 'Switch to Chat',
  duration: 'Call duration',
  quality: 'Connection',
  good: 'Good',
  fair: 'Fair',
  poor: 'Poor',
  transcript: 'Live transcript',
  transcriptEmpty: 'What is said appears here.',
  showTranscript: 'Show transcript',
  hideTranscript: 'Hide transcript',
  you: 'You',
  agent: 'Agent',
  interrupted: 'interrupted',
  leaveTitle: 'End this call?',
  leaveText: 'You are still connected.',
  leaveStay: 'Stay in the call',
  backToCall: 'Back to the call',
  callEnded: 'Call Ended',
  totalTime: 'Total time: {time}',
  thanks: 'Thank you for calling!',
  endedSilence: 'The call ended because nobody spoke for a while.',
  endedMaximum: 'The call reached its maximum length.',
  endedByAgent: 'The agent ended the call.',
  endedProvider: 'We had technical difficulties and had to end the call. Please try again later.',
  endedLost: 'The connection was lost.',
  endedError: 'Something went wrong and the call ended early. We are sorry.',
  feedbackQuestion: 'How was your call?',
  star: '1 star',
  stars: '{count} stars',
  comment: 'Comment (optional)',
  submit: 'Submit',
  sending: 'Sending…',
  feedbackThanks: 'Thank you for your feedback!',
  feedbackFailed: 'Your feedback could not be sent. Please try again.',
  downloadTranscript: 'Download Transcript',
  downloadFailed: 'The download did not work. Please try again.',
  downloadRecording: 'Download Recording',
  recordingPending: 'Preparing the recording…',
  recordingFailed: 'The recording is not available yet. Please try again later.',
  startChat: 'Start Chat',
  callAgain: 'Call again',
  lostTitle: 'Connection lost',
  lostText: 'We could not get back to your call. Please check your internet connection.',
  retry: 'Retry',
  refusedTitle: 'The call could not start',
  unavailable: 'Call feature not available. Contact support.',
  domain: 'Calls are not allowed from this website.',
  rate: 'You have made many calls in a short time. Please try again later.',
  full: 'All lines are busy right now. Please try again in a few minutes.',
  notFound: 'This assistant could not be found.',
  expired: 'This call is no longer valid. Please start a new one.',
  replaced: 'This call continues in another window.',
  network: 'We could not reach the server. Please check your internet connection.',
  server: 'Something went wrong on our side. Please try again.',
};
