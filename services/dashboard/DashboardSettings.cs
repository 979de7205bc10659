using System.ComponentModel.DataAnnotations;

namespace Hypervize.Dashboard;

/// <summary>What the dashboard is told.</summary>
public sealed class DashboardSettings
{
    /// <summary>Origin of the platform's front door, as this service reaches it.</summary>
    [Required] public Uri? PlatformUrl { get; set; }

    /// <summary>Folder for what sessions are sealed with; the same for all replicas. Without it, sessions end when the dashboard does.</summary>
    public string KeysFolder { get; set; } = "";

    /// <summary>Hours after which a session ends that is not used.</summary>
    [Range(1, 720)] public int SessionHours { get; set; } = 12;
}
