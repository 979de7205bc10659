using System.ComponentModel.DataAnnotations;

namespace Hypervize.Sizing.Hub;

/// <summary>Where models are.</summary>
public sealed class HubSection
{
    /// <summary>URL of the Hugging Face Hub, or of what stands in for it.</summary>
    [Required] public Uri Endpoint { get; set; } = new("https://huggingface.co");
}
