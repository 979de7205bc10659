using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Hypervize.Simulator;

/// <summary>Traces by OTLP, where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says to; without it OpenTelemetry is not even loaded.</summary>
internal static class Tracing
{
    private static readonly ActivitySource Source = new("Hypervize.Simulator");

    /// <summary>The span of loading the model, in the trace of whoever started the process (<c>TRACEPARENT</c>).</summary>
    public static Activity? ModelLoad() =>
        Source.StartActivity("load model", ActivityKind.Internal, Environment.GetEnvironmentVariable("TRACEPARENT"));

    public static void AddTracing(this WebApplicationBuilder builder, string nodeId)
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"))) Export(builder, nodeId);
    }

    private static void Export(WebApplicationBuilder builder, string nodeId)
    {
        builder.Configuration.AddEnvironmentVariables(); // The exporter reads OTEL_… from here.
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("node", serviceNamespace: "hypervize", serviceInstanceId: nodeId))
            .WithTracing(traces => traces
                .AddSource(Source.Name)
                .AddAspNetCoreInstrumentation(options =>
                {
                    options.Filter = http => http.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal);
                    options.EnrichWithHttpRequest = (span, request) => span.DisplayName = $"{request.Method} {request.Path}";
                }))
            .UseOtlpExporter();
    }
}
