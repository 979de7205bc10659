namespace Hypervize.Autoscaler.Recording;

/// <summary>Registers what records traffic.</summary>
public static class RecordingRegistration
{
    /// <summary>Registers it.</summary>
    /// <param name="services">The autoscaler's container.</param>
    public static void AddRecording(this IServiceCollection services) =>
        services.AddSingleton<TrafficRecorder>().AddSingleton<TrafficStore>().AddSingleton<RecordedTraffic>().AddHostedService<TrafficKeeper>();
}
