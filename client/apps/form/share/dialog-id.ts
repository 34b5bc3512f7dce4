export const dialogId = 'share'
