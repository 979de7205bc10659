using System.Diagnostics;
using System.Net;
using Yarp.ReverseProxy.Forwarder;

// YARP's forwarder as its documentation sets it up (direct forwarding), for comparison: passes on, and does nothing else.
// Usage: --urls http://127.0.0.1:PORT --node http://127.0.0.1:PORT [--inline true]
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders(); // A line per request would cost more than the request.
builder.Services.AddHttpForwarder();
if (builder.Configuration.GetValue<bool>("inline")) builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
var app = builder.Build();

var client = new HttpMessageInvoker(new SocketsHttpHandler
{
    UseProxy = false,
    AllowAutoRedirect = false,
    AutomaticDecompression = DecompressionMethods.None,
    UseCookies = false,
    EnableMultipleHttp2Connections = true,
    ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
    ConnectTimeout = TimeSpan.FromSeconds(15),
});
app.MapForwarder("/{**catch-all}", app.Configuration["node"]!, ForwarderRequestConfig.Empty, HttpTransformer.Default, client);
app.Run();
