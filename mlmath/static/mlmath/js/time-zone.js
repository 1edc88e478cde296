// Proposes the time zone of the browser in a form that has not been filled in yet.

const field = document.querySelector("form[data-guess-time-zone] select[name=time_zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const option = field && [...field.options].find((one) => one.value === zone);
// A browser that brings back what somebody chose here before knows better.
if (option && field.selectedOptions[0]?.defaultSelected) field.value = zone;
