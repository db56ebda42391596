// Every address of the dashboard is one document; files keep theirs. CloudFront's JavaScript runtime 2.0.
function handler(event) {
  var request = event.request;
  var last = request.uri.substring(request.uri.lastIndexOf('/') + 1);
  if (last.indexOf('.') === -1) {
    request.uri = '/dashboard/index.html';
  }
  return request;
}
