using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Hypervize.Hosting;

/// <summary>Runs a service the way all services run: settings checked at once, telemetry, health, problem details, identity.</summary>
public static class Service
{
    private const int BadSettings = 78; // EX_CONFIG of sysexits.h

    /// <summary>Runs a service until it is told to stop.</summary>
    /// <param name="name">The service's name, as in its folder.</param>
    /// <param name="args">Command line; <c>--settings</c> prints the settings the service reads, and ends.</param>
    /// <param name="configure">Adds what the service is made of.</param>
    /// <param name="map">Maps its routes.</param>
    /// <returns>Exit code.</returns>
    public static async Task<int> RunAsync(string name, string[] args, Action<WebApplicationBuilder, Settings> configure, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        var settings = new Settings(builder.Configuration, builder.Services);
        configure(builder, settings);
        if (args.Contains("--settings"))
        {
            foreach (var line in settings.Describe()) await Console.Out.WriteLineAsync(line);
            return 0;
        }
        if (settings.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{name} can't start, its settings are wrong:");
            foreach (var error in settings.Errors) await Console.Error.WriteLineAsync($"  {error}");
            return BadSettings;
        }

        // What happened to endpoints is worth a line; each statement and each delivery is not. Logging__LogLevel__… brings them back.
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning).AddFilter("Marten", LogLevel.Warning)
            .AddFilter("JasperFx", LogLevel.Warning).AddFilter("MassTransit", LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None).AddFilter("Yarp", LogLevel.Error);
        builder.Logging.AddSimpleConsole(o => (o.SingleLine, o.TimestampFormat, o.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ ", true));
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));
        builder.Services.AddProblemDetails(o => o.CustomizeProblemDetails = Problems.Complete);
        builder.AddTelemetry(name);

        await using var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.Use(RefuseNul);
        app.MapHealth(name);
        map(app);
        await app.RunAsync();
        return 0;
    }

    // No text that a query can rightly name holds one, and PostgreSQL stores none.
    private static Task RefuseNul(HttpContext http, RequestDelegate next) => http.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) is true
        ? Problems.From(StatusCodes.Status400BadRequest, "bad_request", "The query holds a NUL character.").ExecuteAsync(http)
        : next(http);
}
