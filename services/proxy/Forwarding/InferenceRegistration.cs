using System.Text;
using Hypervize.Hosting;
using Hypervize.Proxy.Answers;
using Hypervize.Proxy.Draining;
using Hypervize.Proxy.Limits;
using Hypervize.Proxy.Nodes;
using Hypervize.Proxy.Waking;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hypervize.Proxy.Forwarding;

/// <summary>Puts the inference surface before all else that the proxy serves: nothing that it does not need stands in its way.</summary>
public static class InferenceRegistration
{
    private const string Prefix = "/api/d/";

    /// <summary>Registers and serves it.</summary>
    /// <param name="services">The proxy's container.</param>
    public static void AddInference(this IServiceCollection services)
    {
        services.AddSingleton<WakeCaller>().AddSingleton<NodeProbe>().AddSingleton<AnswerRelay>().AddSingleton<NodeForwarder>().AddSingleton<BodyRoom>().AddSingleton<InferenceRoute>();
        // A node is asked itself: where it sends others may be a place that only we can reach. Nor is asking part of any trace.
        services.AddHttpClient(NodeProbe.ClientName, c => c.Timeout = NodeProbe.Patience).ConfigurePrimaryHttpMessageHandler(() =>
            new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null });
        services.AddSingleton<NodePools>().AddHostedService(p => p.GetRequiredService<NodePools>());
        services.AddSingleton<Gates>().AddHostedService(p => p.GetRequiredService<Gates>());
        services.AddSingleton<Heartbeats>().AddHostedService(p => p.GetRequiredService<Heartbeats>());
        services.AddSingleton<IStartupFilter, First>();
        services.AddSingleton(ConnectionShares.Of(OpenFiles.Limit));
        services.AddOptions<KestrelServerOptions>().Configure<ConnectionShares>((k, shares) =>
        {
            k.Limits.MaxConcurrentConnections = shares.Clients;
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = RequestBody.MostBytes + 1; // One more says that there is more.
            // Headers are passed on byte by byte, whatever they hold beyond ASCII. Our own hold nothing beyond it, for which the server has a shorter way (null).
            (k.RequestHeaderEncodingSelector, k.ResponseHeaderEncodingSelector) = (_ => Encoding.Latin1, name => IsOwn(name) ? null : Encoding.Latin1);
        });
    }

    private static bool IsOwn(string header) => header is RequestId.Header or RequestLimiter.LimitHeader or RequestLimiter.RemainingHeader or RequestLimiter.ResetHeader;

    private sealed class First(InferenceRoute route, Departure departure) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(others => http => Serve(http, others));
            next(app);
        };

        // /api/d/{id}/{path}
        private Task Serve(HttpContext http, RequestDelegate others)
        {
            if (departure.IsLeaving) http.Response.Headers.Connection = "close";
            if (http.Request.Path.Value is not { } path || !path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) return others(http);
            if (!RequestHead.CanHold(http.Request.QueryString)) return RefuseAsync(http, InferenceError.InvalidQuery);
            var end = path.IndexOf('/', Prefix.Length);
            return route.ServeAsync(http, end < 0 ? path.AsSpan(Prefix.Length) : path.AsSpan(Prefix.Length, end - Prefix.Length), end < 0 ? default : path.AsSpan(end + 1));
        }

        private static Task RefuseAsync(HttpContext http, InferenceError error)
        {
            RequestId.Take(http);
            return error.WriteAsync(http);
        }
    }
}
