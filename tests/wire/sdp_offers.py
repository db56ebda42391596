"""An offer with the line structure of Meta's, every value made up."""

META_OFFER = """v=0
o=- 7000000000000000001 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE audio
a=msid-semantic: WMS 00000000-0000-4000-8000-000000000001
a=ice-lite
m=audio 40012 UDP/TLS/RTP/SAVPF 111 126
c=IN IP4 157.240.0.20
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1000000001 1 udp 2113937151 157.240.0.20 40012 typ host generation 0 network-cost 50 ufrag AbCdEf123456/7
a=candidate:1000000002 1 udp 2113939711 2a03:2880::20 40012 typ host generation 0 network-cost 50 ufrag AbCdEf123456/7
a=ice-ufrag:AbCdEf123456/7
a=ice-pwd:0123456789abcdefghijklmnopqrstuv
a=fingerprint:sha-256 A5:4D:CA:18:25:30:BB:1D:6D:13:2C:DE:D6:23:7B:2E:D9:1E:3F:72:1F:CB:19:71:17:44:94:D6:49:3C:9D:5C
a=setup:actpass
a=mid:audio
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=sendrecv
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:126 telephone-event/8000
a=ssrc:4000000001 cname:fixtureCname0001
a=ssrc:4000000001 msid:00000000-0000-4000-8000-000000000001 audio#fixture
""".replace("\n", "\r\n")
