// States who asks, in place of whatever the request claims. CloudFront's JavaScript runtime 2.0.
function handler(event) {
  var request = event.request;
  request.headers['x-viewer-address'] = { value: event.viewer.ip };
  return request;
}
