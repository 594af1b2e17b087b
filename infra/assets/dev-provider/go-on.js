// Signs out without another click. As a click on the button, so that the button's own value is sent.
document.getElementById('go-on').click()
