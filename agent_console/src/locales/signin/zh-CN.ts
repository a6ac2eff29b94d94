export default {
  signin: {
    code: '动态验证码',
    code_text: '打开手机上的验证器应用，输入显示的 6 位数字。',
    code_step: '还差一步：请验证您的身份。',
    recovery_code: '恢复码',
    recovery_code_text: '启用两步验证时保存的恢复码，每个只能使用一次。',
    use_recovery: '手机不在身边？使用恢复码',
    use_code: '使用动态验证码',
    with: '使用 {name} 登录',
    or: '或',
    again: '重新登录',
  },
  problem: {
    totp_needed: '请输入手机上的验证码。',
    totp_wrong: '验证码错误或已被使用。',
    second_factor_active: '两步验证已经启用。',
    second_factor_inactive: '两步验证未启用。',
    sign_on_failed: '身份提供方未能完成登录，请重试。',
    sign_on_refused: '身份验证已通过，但本系统中没有您的账号，请联系管理员。',
    unreachable: '无法连接身份提供方。请重试，或使用密码登录。',
    egress_refused: '系统不允许连接该身份提供方，请联系管理员。',
  },
}
