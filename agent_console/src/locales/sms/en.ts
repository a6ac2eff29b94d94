export default {
  sms: {
    count: 'Length of the SMS',
    gsm7: 'GSM-7',
    ucs2: 'Unicode',
    left: '{n} left',
    parts: '{n} SMS',
    spoken: '{encoding}, {n} SMS, {left} characters left',
    because: '{characters} makes it Unicode, with {n} instead of 160 characters in an SMS. | {characters} make it Unicode, with {n} instead of 160 characters in an SMS.',
    and_more: '{characters} and {n} more',
    plain: 'Use plain punctuation',
    plain_done: 'Punctuation made plain',
  },
  objection: { too_many_parts: 'Too long: {parts} SMS, of which at most {limit} are sent as one message.' },
}
