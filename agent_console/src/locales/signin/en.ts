export default {
  signin: {
    code: 'Authentication code',
    code_text: 'Six digits, from the app on your phone.',
    code_step: 'One more step: prove that it is you.',
    recovery_code: 'Recovery code',
    recovery_code_text: 'One of those you kept when you set it up. Each works once.',
    use_recovery: 'No phone at hand? Use a recovery code',
    use_code: 'Use the authentication code',
    with: 'Sign in with {name}',
    or: 'or',
    again: 'Start over',
  },
  problem: {
    totp_needed: 'Now the authentication code.',
    totp_wrong: 'This code is wrong, or was used already.',
    second_factor_active: 'Your second factor is on already.',
    second_factor_inactive: 'There is no second factor any more.',
    sign_on_failed: 'The provider did not sign you in. Please try again.',
    sign_on_refused: 'The provider knows you, but this hub does not. Ask an administrator.',
    unreachable: 'The provider cannot be reached. Try again, or use your password.',
    egress_refused: 'The hub may not talk to the provider. Ask an administrator.',
  },
}
