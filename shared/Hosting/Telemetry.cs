using Hypervize.EventSourcing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Hypervize.Hosting;

internal static class Telemetry
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Traces and metrics by OTLP, where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says to; nothing is recorded without it.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder, string service)
    {
        if (string.IsNullOrEmpty(builder.Configuration[OtlpEndpoint])) return;
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService(service, serviceNamespace: "hypervize"))
            .WithTracing(t => t
                .AddAspNetCoreInstrumentation(o => o.Filter = c => !c.Request.Path.StartsWithSegments("/health"))
                .AddHttpClientInstrumentation()
                .AddSource("Marten", "MassTransit", TraceHeaders.SourceName, "Hypervize.*")
                .AddProcessor(new WithoutHousekeeping()))
            .WithMetrics(m => m.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation().AddMeter("MassTransit", "Hypervize.*"))
            .UseOtlpExporter();
    }

    // A look at the log's end, a lock taken, a query at start: statements that nobody's request or message caused.
    private sealed class WithoutHousekeeping : BaseProcessor<System.Diagnostics.Activity>
    {
        public override void OnEnd(System.Diagnostics.Activity data)
        {
            if (data.Parent is null && data.ParentId is null && data.Source.Name == "Marten") data.ActivityTraceFlags &= ~System.Diagnostics.ActivityTraceFlags.Recorded;
        }
    }
}
