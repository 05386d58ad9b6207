namespace Mesh.Kit.Machines;

/// <summary>Which addresses a workload is given.</summary>
[Flags]
public enum Families
{
    V4 = 1,
    V6 = 2,
    Both = V4 | V6,
}
